// seed.mjs PEOPLE PASSWORD: migrates an empty database and signs people up. Each of them authorizes the client by an
// authorization code flow with PKCE; the refresh tokens that come of it are printed as JSON.
import { createHash, randomBytes } from 'node:crypto';
import { getMigrations } from 'better-auth/db/migration';
import { api, auth, base, client } from './auth.mjs';

const redirect = 'https://app.example.org/callback';
const [count, password] = process.argv.slice(2);

async function call(path, init = {}) {
  const headers = { origin: base, 'content-type': 'application/json', ...init.headers };
  const answer = await auth.handler(new Request(`${base}/api/auth${path}`, { ...init, headers }));
  if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function signUp(email) {
  const body = JSON.stringify({ name: 'Ada', email, password });
  const answer = await call('/sign-up/email', { method: 'POST', body });
  const cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  return { email, cookie };
}

async function refreshToken(cookie) {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: client,
    response_type: 'code',
    redirect_uri: redirect,
    scope: 'offline_access',
    state: randomBytes(16).toString('base64url'),
    resource: api,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const authorized = await call(`/oauth2/authorize?${query}`, { headers: { cookie } });
  const code = new URL(authorized.headers.get('location')).searchParams.get('code');
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: client,
    redirect_uri: redirect,
    resource: api,
    code,
    code_verifier: verifier,
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await call('/oauth2/token', { method: 'POST', body, headers });
  return (await answer.json()).refresh_token;
}

await (await getMigrations(auth.options)).runMigrations();
const people = [];
for (let n = 0; n < Number(count); n++) people.push(await signUp(`person-${n}@example.org`));
await auth.api.adminCreateOAuthClient({
  headers: { cookie: people[0].cookie },
  body: {
    redirect_uris: [redirect],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    skip_consent: true,
  },
});
for (const person of people) person.refresh_token = await refreshToken(person.cookie);
console.log(JSON.stringify(people.map(({ email, refresh_token }) => ({ email, refresh_token }))));
process.exit(0);
