// better-auth as its documentation sets it up, with every switch that makes it faster and changes no promise.
import { oauthProvider } from '@better-auth/oauth-provider';
import { hash, verify } from '@node-rs/argon2';
import { betterAuth } from 'better-auth';
import { jwt } from 'better-auth/plugins';
import pg from 'pg';

export const base = 'https://auth.example.com';
export const client = 'bench';
export const api = 'https://api.example.org';

const argon2id = { memoryCost: 19456, timeCost: 2, parallelism: 1 };

export const auth = betterAuth({
  baseURL: base,
  secret: process.env.BETTER_AUTH_SECRET,
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8 }),
  advanced: { database: { joins: true } },
  emailAndPassword: {
    enabled: true,
    password: {
      hash: (password) => hash(password, argon2id),
      verify: ({ hash, password }) => verify(hash, password),
    },
  },
  session: { cookieCache: { enabled: true, maxAge: 600 } },
  rateLimit: { enabled: false },
  logger: { disabled: true },
  telemetry: { enabled: false },
  disabledPaths: ['/token'],
  plugins: [
    jwt({ disableSettingJwtHeader: true, jwks: { keyPairConfig: { alg: 'ES256' } } }),
    oauthProvider({
      loginPage: '/login',
      consentPage: '/consent',
      scopes: ['offline_access'],
      accessTokenExpiresIn: 600,
      resources: [api],
      cachedResources: new Set([api]),
      enforcePerClientResources: false,
      cachedTrustedClients: new Set([client]),
      generateClientId: () => client,
    }),
  ],
});
