"""The revisions, a file each, named by date."""
