import { createAuth } from '@auth-service/sveltekit/server';
import { env } from '$env/dynamic/private';

export const auth = createAuth({
	issuer: env.AUTH_ISSUER,
	feed: env.AUTH_FEED,
	apis: { '/api': env.API_URL }
});
