"""An app that listens to everybody's migrations, as django-guardian and many others do."""
