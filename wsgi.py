"""Makes the application for any WSGI server."""

from api.app import create_app
from config import Settings
from models.database import Database
from models.postgres import database_url

settings = Settings.from_env()
app = create_app(settings, Database(database_url(settings), pool_size=settings.threads))
