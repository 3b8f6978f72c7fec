// k6: bare GETs in the open model.
import http from 'k6/http';

export const options = {
  discardResponseBodies: true,
  scenarios: {
    arrivals: {
      executor: 'constant-arrival-rate',
      rate: $rate_per_s,
      timeUnit: '1s',
      duration: '${seconds}s',
      preAllocatedVUs: $connections,
      maxVUs: $connections,
    },
  },
};

export default function () {
  http.get('$target');
}
