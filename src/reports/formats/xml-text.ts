/* eslint-disable no-control-regex -- control characters are what XML does not know */

import { withoutEscapes } from '../../harmless-text.ts';

// XML 1.0, section 2.2: what a document may not hold, not even as a reference.
const NOT_XML =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Text between tags. */
export function xmlText(text: string): string {
  return clean(text).replaceAll(/[&<>\r]/g, (one) => ENTITIES[one] ?? one);
}

/** The value of an attribute, in quotes. */
export function xmlValue(text: string): string {
  return `"${clean(text).replaceAll(/[&<>"\t\n\r]/g, (one) => ENTITIES[one] ?? one)}"`;
}

function clean(text: string): string {
  return withoutEscapes(text).replaceAll(NOT_XML, '\ufffd');
}
