import { kitFetch } from '@auth-service/sveltekit/client';
import createClient from 'openapi-fetch';
import type { paths } from './api.types';

/** The notes' API, on the server as in the browser. */
export const api = createClient<paths>({ baseUrl: '/api', ...kitFetch() });
