"""What changes accounts, as verbs; a module for each thing that they are about."""
