# The obvious way to build it: a dictionary behind FastAPI.
import json
import os

from fastapi import FastAPI

app = FastAPI()
with open(os.environ["BODY"], encoding="utf-8") as file:
    EXECUTORS = {"ml": json.load(file)}


@app.get("/executors/{type}")
async def executor(type: str):
    return EXECUTORS[type]
