// The page of one court: live pictures, a recording, the club's files.
// The token stays in this page's memory. Pictures and downloads are fetched by the browser
// itself, which sends no token: they go by the tickets in the host's answers, or by a cookie
// that the host sets in exchange for the token.
'use strict';

const find = (id) => document.getElementById(id);
const form = find('enter');
form.host.value = new URLSearchParams(location.search).get('host') ?? location.origin;

let token = '';
let session = null;

const at = (path) => new URL(path, form.host.value).href;

/** Calls the API; the answer's body, or an error with the host's own words. */
async function call(method, path, body) {
  const answer = await fetch(at(path), {
    method,
    credentials: 'include',
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body && { 'Content-Type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
  });
  if (answer.status === 204) return null;
  const json = await answer.json();
  if (!json.success) throw new Error(`${json.title}: ${json.detail}`);
  return json;
}

/** Runs something that a person asked for, and shows them why where it fails. */
async function doing(what) {
  find('failure').textContent = '';
  try {
    await what();
  } catch (error) {
    find('failure').textContent = error.message;
  }
}

function button(text, action) {
  const made = document.createElement('button');
  made.textContent = text;
  made.onclick = () => doing(action);
  return made;
}

async function showCourts() {
  const { terrains } = await call('GET', '/api/video/terrains');
  const open = (terrain) => button(terrain.name, () => enterCourt(terrain));
  find('courts').replaceChildren(...terrains.map(open));
}

async function enterCourt({ terrain_id, session_id }) {
  const answer = session_id
    ? await call('GET', `/api/video/session/${session_id}`)
    : await call('POST', '/api/video/session/create', { terrain_id });
  session = answer.session;
  const byCookie = `/api/preview/${session.session_id}/stream.mjpeg`;
  find('live').src = at(form.cookie.checked ? byCookie : session.preview.mjpeg_url);
  find('session').hidden = false;
  await showStatus();
}

async function showStatus() {
  const answer = await call('GET', `/api/video/session/${session.session_id}`);
  const { status, camera } = answer.session;
  let text = `${session.session_id}: ${status}, camera ${camera.state}`;
  const recording = await call('GET', `/api/video/record/status/${session.session_id}`)
    .then((answer) => answer.recording, () => null);
  if (recording) {
    text += `, ${recording.status}, ${Math.round(recording.elapsed_seconds)} s`;
  }
  if (['completed', 'failed'].includes(recording?.status)) text += session.verdict ??= await verdict();
  find('status').textContent = text;
}

/** What the host says of the recording once it is over. */
async function verdict() {
  const { report } = await call('GET', `/api/video/record/report/${session.session_id}`);
  const faults = report.findings.filter((finding) => finding.fault);
  if (report.whole === null) return '';
  return report.whole ? ', whole' : `, not whole: ${faults.map(({ text }) => text).join('; ')}`;
}

async function showFiles() {
  const { files } = await call('GET', '/api/video/files/list');
  const lines = files.map((file) => {
    const line = document.createElement('li');
    const link = document.createElement('a');
    link.href = at(file.download_url);
    link.textContent = `${file.id}.mp4`;
    const play = button('Play', () => {
      find('player').hidden = false;
      find('player').src = link.href;
    });
    line.append(link, ` ${file.duration_seconds?.toFixed(1) ?? "?"} s `, play);
    return line;
  });
  find('files').replaceChildren(...lines);
}

form.onsubmit = (event) => {
  event.preventDefault();
  doing(async () => {
    token = form.token.value.trim();
    if (form.cookie.checked) await call('POST', '/api/auth/cookie');
    await showCourts();
    // Who may not see the files still gets the court.
    await showFiles().catch(() => {});
    document.querySelector('main').hidden = false;
  });
};

find('record').onclick = () => doing(async () => {
  await call('POST', '/api/video/record/start', { session_id: session.session_id });
  await showStatus();
});

find('stop').onclick = () => doing(async () => {
  await call('POST', '/api/video/record/stop', { session_id: session.session_id });
  find('live').removeAttribute('src');
  await showStatus();
  await Promise.all([showCourts(), showFiles()]);
});

setInterval(() => session && showStatus().catch(() => {}), 1000);
