"""Files of what shoppers once did: read, replayed through the gateway, and recounted to check the analytics."""
