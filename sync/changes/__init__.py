"""The change feed and its cursors."""
