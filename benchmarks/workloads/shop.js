// k6: the steps of shop.toml. A metric by tag is kept only where a threshold asks for it: hence
// the three, which never fail.
import http from 'k6/http';
import { check } from 'k6';

export const options = {
  thresholds: {
    'http_req_duration{name:quote}': ['p(95)<60000'],
    'http_req_duration{name:market}': ['p(95)<60000'],
    'http_req_duration{name:order}': ['p(95)<60000'],
  },
};

export default function () {
  const draw = Math.random();
  if (draw < 0.6) {
    const number = 1 + Math.floor(Math.random() * 500);
    const page = http.get('${target}quotes/' + number, { tags: { name: 'quote' } });
    check(page, {
      'status is 200': (it) => it.status === 200,
      'has a bid': (it) => it.body.includes('"bid"'),
    });
  } else if (draw < 0.9) {
    const number = 1 + Math.floor(Math.random() * 20);
    const page = http.get('${target}market?page=' + number, { tags: { name: 'market' } });
    check(page, {
      'status is 200': (it) => it.status === 200,
      'has symbols': (it) => it.body.includes('"symbols"'),
    });
  } else {
    const order = '{"user":' + __VU + ',"quantity":' + (1 + Math.floor(Math.random() * 9)) + '}';
    const page = http.post('${target}orders', order, {
      headers: { 'Content-Type': 'application/json' },
      tags: { name: 'order' },
    });
    check(page, {
      'status is 200': (it) => it.status === 200,
      'is accepted': (it) => it.body.includes('"accepted"'),
    });
  }
}
