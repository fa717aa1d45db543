/** Words that the tests of page, API and exports share: the instant of the fixture, and what hostile devices call themselves. */
export const epoch = Date.UTC(2026, 2, 1, 6, 14, 0);
export const key = (n: number) => n.toString(16).padStart(2, '0').repeat(32);

export const hostileName = `=cmd|' /C calc'!A0`;
export const markupName = '<img src=x onerror=alert(1)>';
export const bidiText = 'cam\u202Egpj.exe\u0000\u0007\r\n';
