"""What the Spark job does, apart from how Glue starts it; see shape_job.py.

Glue puts this package on the Python path of driver and executors (`--extra-py-files`).
"""
