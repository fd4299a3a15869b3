import { error } from '@sveltejs/kit';
import { api } from '$lib/api';

// Runs on the server for the first page and in the browser after that.
export const load = async () => {
	const { data, response } = await api.GET('/notes');
	if (!data) error(response.status, 'The notes can’t be reached.');
	return { notes: data.notes };
};
