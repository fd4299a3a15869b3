import { auth } from '$lib/server/auth';

export const { handle, handleFetch } = auth;
