// oidc-provider in one process, for its state is in memory; PORT comes from the environment.
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { Memory } from './memory.mjs';
import { api, notes, signIn } from './sign-in.mjs';

const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const key = { ...(await exportJWK(privateKey)), kid: 'bench', alg: 'ES256', use: 'sig' };

const provider = new Provider('https://auth.example.com', {
  adapter: Memory,
  clients: [
    {
      client_id: 'bench',
      token_endpoint_auth_method: 'none',
      grant_types: ['password', 'refresh_token'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  cookies: { keys: ['bench'] },
  jwks: { keys: [key] },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, name: 'Ada' }) }),
  scopes: ['openid', 'offline_access'],
  rotateRefreshToken: true,
  ttl: { AccessToken: 600, RefreshToken: 14 * 86400, Grant: 14 * 86400 },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => notes,
    },
  },
});
signIn(provider);

createServer({ keepAliveTimeout: 0 }, provider.callback()).listen(process.env.PORT, '127.0.0.1');
