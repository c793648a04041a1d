"""What every part stands on: stopping a computation, memory given back, packages that only some uses need."""
