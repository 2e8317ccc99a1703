/** `link-missing`: the person does not allow it. `links-unavailable`: nobody says whether they do, so nothing is sent. */
export type LinkRefusal = 'link-missing' | 'links-unavailable';
