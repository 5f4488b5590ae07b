"""What can be done to many records at once: by statements that name thousands where it can be, else one by one.

Each change works on the keys it is given, within the rows it is given, and tells what became of every one of them.
"""
