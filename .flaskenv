# Lets a bare `flask …` find the application; every other setting is in docs/configuration.md.
FLASK_APP=backoffice
