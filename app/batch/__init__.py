"""Many pictures, one after the other or on a cluster: what is to be done, what is done, and doing it. No Qt."""
