"""The product's version, which the package, `clinic --version` and the API's document read here."""

VERSION = "0.2.0"
