"""The change feed: its pages, its cursors and long polling."""
