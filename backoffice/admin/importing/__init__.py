"""Importing a file into a list: uploaded, mapped, tried out without changing anything, and then carried out as shown.

declared    what an import is called, and what it asks for
mapping     which column of the file fills which field, and what tells the record
cells       a cell as the text that a form would have sent
related     records that rows name by key or by name, looked up together
reading     rows as forms: what each would change
checking    the dry run, as a job
applying    carrying it out, as a job
tasks       how workers come to these jobs
pages       what the pages are made of
view        the layer of RecordView
"""
