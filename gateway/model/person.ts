/** The same name on the page and on the command line is one person. Who is root can be anybody: this guards against slips and one stolen account. */
export const personOf = (by: string): string => by.replace(/^local:/, '').toLowerCase();
