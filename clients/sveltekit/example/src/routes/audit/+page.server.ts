import { error } from '@sveltejs/kit';
import { api } from '$lib/api';
import { auth } from '$lib/server/auth';

// This role is the app's own. The API demands it once more, of the access token.
export const load = async (event) => {
	auth.requireSession(event, { role: 'admin' });
	const { data, response } = await api.GET('/audit');
	if (!data) error(response.status, 'The audit can’t be reached.');
	return { audit: data };
};
