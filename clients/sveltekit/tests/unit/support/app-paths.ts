/** In place of SvelteKit's `$app/paths`, for an app at the root of its site. */
export const base = '';
