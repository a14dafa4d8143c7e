"""What changes the catalogue, as verbs; a module for each thing that they are about."""
