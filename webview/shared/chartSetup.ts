import {
  Chart,
  LinearScale,
  LineElement,
  LogarithmicScale,
  PointElement,
  ScatterController,
  Tooltip,
} from 'chart.js';

/** Registers what the charts over recall are made of. Nothing moves in them, whatever the reader's settings are. */
export function setUpCharts(): void {
  Chart.register(ScatterController, LineElement, PointElement, LinearScale, LogarithmicScale, Tooltip);
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
}
