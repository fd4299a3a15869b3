// Signing in with a password, as a custom grant type: oidc-provider leaves it to whoever builds on it.
// With `resource` the access token is an ES256 JWT for that API; without, an opaque one for the userinfo endpoint.
import { verify } from '@node-rs/argon2';
import { errors } from 'oidc-provider';

export const api = 'https://api.example.org';
export const notes = { scope: 'notes', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };

// argon2id, m=19456, t=2, p=1, of "a lovelace of engines".
const stored = '$argon2id$v=19$m=19456,t=2,p=1$mwe5NAI0DsZV3e3gqna7rg$PsB569uQpm4LTNeZx6jMVDWJXNtAVoXexoy0JrtQ490';
const people = new Map(Array.from({ length: 32 }, (_, n) => [`person-${n}@example.org`, stored]));

export function signIn(provider) {
  provider.registerGrantType('password', (ctx) => password(provider, ctx), ['username', 'password', 'resource']);
}

async function password(provider, ctx) {
  const { client, params } = ctx.oidc;
  const hash = people.get(params.username) ?? stored;
  if (!(await verify(hash, params.password)) || !people.has(params.username)) {
    throw new errors.InvalidGrant('unknown person or wrong password');
  }
  const accountId = params.username;
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(api, 'notes');
  const granted = { accountId, client, grantId: await grant.save(), gty: 'password' };

  const access = new provider.AccessToken({ ...granted, scope: 'openid' });
  if (params.resource === api) {
    access.resourceServer = new provider.ResourceServer(api, notes);
    access.scope = 'notes';
  }
  const refresh = new provider.RefreshToken({ ...granted, scope: 'offline_access notes', resource: api, rotations: 0 });
  ctx.body = {
    access_token: await access.save(),
    expires_in: access.expiration,
    token_type: access.tokenType,
    refresh_token: await refresh.save(),
  };
}
