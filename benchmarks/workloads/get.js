// k6: a bare GET, as fast as the VUs go.
import http from 'k6/http';

export const options = { discardResponseBodies: true };

export default function () {
  http.get('$target');
}
