"""Random clients act on a clinic, and after every act its rows are sound."""
