"""A CSV file that is put into the uploads bucket is in the shop a minute later, through the public API."""
