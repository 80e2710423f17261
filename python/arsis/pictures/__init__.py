# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a person sees of a report: plotly figures, and the pages that hold them.

`quantities` writes numbers with units, `style` is the one look of all figures, `step`, `roofline`, `memory` and
`training` make figures from a report, `swept`, `parallel` and `moving` from a sweep, `page` puts figures into one
self-contained HTML file.
"""
