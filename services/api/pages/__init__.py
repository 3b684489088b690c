"""The pages: their files, their headers, and the answer to a browser that has a file already."""
