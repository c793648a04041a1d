"""Making the package an artist installs: ``make package``. Not part of the program."""
