// k6: a body of $body_bytes bytes, uploaded as fast as the VUs go.
import http from 'k6/http';

export const options = { discardResponseBodies: true };
const body = 'x'.repeat($body_bytes);

export default function () {
  http.post('$target', body);
}
