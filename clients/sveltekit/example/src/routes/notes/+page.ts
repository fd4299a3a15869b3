import { error } from '@sveltejs/kit';
import { api } from '$lib/api';

// Runs on the server for the first page and in the browser after that. With this `fetch` the browser does not ask
// again for what the server has sent along.
export const load = async ({ fetch }) => {
	const { data, response } = await api.GET('/notes', { fetch });
	if (!data) error(response.status, 'The notes can’t be reached.');
	return { notes: data.notes };
};
