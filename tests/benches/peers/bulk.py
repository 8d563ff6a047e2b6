"""Changes customers from a CSV file, several at once: bulk.py BASE_URL KEY FILE JOBS"""

import concurrent.futures
import csv
import sys
import threading

import requests

base, key, file, jobs = sys.argv[1:]
here = threading.local()


def open_session():
    here.session = requests.Session()
    here.session.headers["Authorization"] = f"Basic {key}"


def update(row):
    answer = here.session.get(f"{base}/customers/{row['id']}", timeout=30)
    answer.raise_for_status()
    customer = answer.json()
    customer["firstName"] = row["first-name"]
    customer["customerReference"]["reference1"] = row["reference1"]
    here.session.put(f"{base}/customers", json=customer, timeout=30).raise_for_status()


with (
    open(file, newline="", encoding="utf-8") as rows,
    concurrent.futures.ThreadPoolExecutor(int(jobs), initializer=open_session) as pool,
):
    for _ in pool.map(update, csv.DictReader(rows)):
        pass
