#!/usr/bin/env python3
"""Records a court from Python: create, record, status, stop, close.

    pip install requests
    export PADELVAR_URL=http://127.0.0.1:5000
    export PADELVAR_TOKEN=$(padelvar token --role SUPER_ADMIN)
    python3 club.py [SECONDS]
"""

import os
import sys
import time
from urllib.parse import urljoin

import requests


class Host(requests.Session):
    """One host: its address goes before every path, its token into every request."""

    def __init__(self, base, token):
        super().__init__()
        self.base = base
        self.headers['Authorization'] = f'Bearer {token}'

    def request(self, method, url, *args, **kwargs):
        return super().request(method, urljoin(self.base, url), *args, **kwargs)


requests = Host(
    os.environ.get('PADELVAR_URL', 'http://127.0.0.1:5000'),
    os.environ['PADELVAR_TOKEN'],
)

# Étape 1 : Créer session caméra
response = requests.post('/api/video/session/create', json={
    'terrain_id': 1
})
session = response.json()['session']
session_id = session['session_id']

# Étape 2 : Démarrer enregistrement
requests.post('/api/video/record/start', json={
    'session_id': session_id,
    'duration_minutes': 90
})

# Étape 3 : Vérifier le statut
status = requests.get(f'/api/video/record/status/{session_id}')
print(status.json())

# The match.
time.sleep(float(sys.argv[1]) if len(sys.argv) > 1 else 0)

# Arrêter proprement
response = requests.post('/api/video/record/stop', json={
    'session_id': session_id
})

if response.json()['success']:
    video_path = response.json()['video_path']
    print(f"Vidéo créée : {video_path}")

# Est-elle entière ?
report = requests.get(f'/api/video/record/report/{session_id}').json()['report']
print('Vidéo entière' if report['whole'] else 'Vidéo incomplète')
for finding in report['findings']:
    print(f"- {finding['code']} : {finding['text']}")

# Fermer la session (optionnel, automatique après stop)
requests.post('/api/video/session/close', json={
    'session_id': session_id
})
