// The safety budget and its discount: the constraint (M1) and the state update (M2).

namespace InferenceGuard.Safety;

/// <summary>The almost-sure constraint Σ γ^t c_t ≤ b (M1), as arithmetic on the safety state (M2).</summary>
public sealed record SafetyBudget
{
    /// <summary>Creates a budget.</summary>
    /// <param name="total">Budget b, in cost units; finite.</param>
    /// <param name="discount">Discount γ per cost step, in (0, 1].</param>
    /// <exception cref="GuardException">A value is out of range.</exception>
    public SafetyBudget(double total, double discount)
    {
        if (!double.IsFinite(total))
            throw new GuardException(GuardFault.Usage, $"The budget is {total}; it must be a finite number of cost units.");
        if (!(discount > 0 && discount <= 1))
            throw new GuardException(GuardFault.Usage, $"The discount γ is {discount}; it must lie in (0, 1].");
        Total = total;
        Discount = discount;
    }

    /// <summary>Budget b, in cost units.</summary>
    public double Total { get; }

    /// <summary>Discount γ per cost step.</summary>
    public double Discount { get; }

    /// <summary>The state before any cost: z_0 = b.</summary>
    public SafetyState Start => new(Total);

    /// <summary>Charges one cost step (M2): z ← (z − c) / γ.</summary>
    /// <param name="state">The state before the step.</param>
    /// <param name="cost">Cost c of the step; finite.</param>
    /// <exception cref="GuardException">The cost is not finite: that is an error, never "safe".</exception>
    public SafetyState Charge(SafetyState state, double cost)
    {
        if (!double.IsFinite(cost))
            throw new GuardException(GuardFault.Generation, $"A cost of {cost} was charged; a cost must be finite. Check the cost model.");
        return new((state.Value - cost) / Discount);
    }
}
