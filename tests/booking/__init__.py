"""Tests of availability and booking over HTTP."""
