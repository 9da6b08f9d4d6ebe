"""The coefficients of q in ../erf.go: q(a) = -ln(erfc a) from 1 to 6, minimax with the weight
erfc a, by Remez's exchange in 50 digits. Python with mpmath; takes a minute."""
from mpmath import mp, mpf, matrix, lu_solve, polyval, log, erfc, cos, pi, nstr

mp.dps = 50
low, high, degree = mpf("0.99"), mpf(6), 16


def error(c, x):
    return (polyval(c[::-1], x) + log(erfc(x))) * erfc(x)


def exchange():
    n = degree + 2
    at = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / (n - 1)) for i in range(n)]
    for _ in range(12):
        a, b = matrix(n, n), matrix(n, 1)
        for i, x in enumerate(at):  # q(x) + (-1)^i e / erfc x = -ln erfc x
            for j in range(degree + 1):
                a[i, j] = x**j
            a[i, n - 1], b[i] = (-1) ** i / erfc(x), -log(erfc(x))
        solution = lu_solve(a, b)
        c = [solution[j] for j in range(degree + 1)]
        grid = [low + (high - low) * mpf(k) / (40 * n) for k in range(40 * n + 1)]
        errors = [error(c, x) for x in grid]
        arcs = [[0]]  # of one sign
        for k in range(1, len(grid)):
            if errors[k] * errors[arcs[-1][-1]] < 0:
                arcs.append([k])
            else:
                arcs[-1].append(k)
        peaks = [max(arc, key=lambda k: abs(errors[k])) for arc in arcs]
        while len(peaks) > n:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        worst = max(abs(errors[k]) for k in peaks)
        if len(peaks) < n or worst < 1.02 * abs(solution[n - 1]):
            break
        at = [grid[k] for k in peaks]
    return c, worst


c, worst = exchange()
print("error 2 ^", nstr(log(worst, 2), 6))
for v in c:
    print(float(v).hex())
