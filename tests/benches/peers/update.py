"""Changes the first name of a customer: update.py BASE_URL KEY ID NAME"""

import sys

import requests

base, key, customer, name = sys.argv[1:]
with requests.Session() as session:
    session.headers["Authorization"] = f"Basic {key}"
    answer = session.get(f"{base}/customers/{customer}", timeout=30)
    answer.raise_for_status()
    document = answer.json()
    document["firstName"] = name
    session.put(f"{base}/customers", json=document, timeout=30).raise_for_status()
