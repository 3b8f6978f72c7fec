// k6: VUs who think for a second between two requests. It gives each a connection of its own.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = {
  discardResponseBodies: true,
  scenarios: {
    crowd: {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: [
        { duration: '${ramp_s}s', target: $connections },
        { duration: '${seconds}s', target: $connections },
      ],
      gracefulStop: '5s',
    },
  },
};

export default function () {
  http.get('$target');
  sleep(1);
}
