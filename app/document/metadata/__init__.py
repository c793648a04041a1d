"""What a file says beside its pixels: EXIF, TIFF directories, XMP, changed where they must be and nowhere else."""
