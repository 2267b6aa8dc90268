/// Keys of these tests alone, made by Python's `cryptography`.
enum SampleKeys {
    static let pkcs8 = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC1OMZ9rx2lcfBy
        J2B47L9wMPRRXZ8J3JDZuG495obIUvWI6nyr7axF5H9C+kYBtobXQVN1iL+vlV7H
        r/D+Tcf7+FMYGJ3YKBebtuvLxSx938Xq+WSPqVz+TxMKTSzeLAeD8zAJ4EmjzpG7
        GS28dG78gJ/Il6pWUOLqmPTr0SZsK4w7W7S/pGjQKzx5Y7ZzdSTqAaf0TroQ/w7i
        YfIr9NFYguMNPhwhe70qPtQz6xy1r1T/UZWe2uX9TP4A44QUud3/uFcDXvWeOAIL
        nz0gNRPwLobL/6VAjw3+rgTIfDE/Tqo0fs/Je3e8T7rdeYk4q+PizW0NW53/MFbs
        rZamYhidAgMBAAECggEAPVLOED/O12p8BBUBF0p96ZgXROVaaPrjZVl8rKOynl08
        Sy2WLJPLxQbybZbFU9URQgwQEujIfMEeBpKqCVQGxWQdsjy6RSgj/QRkPFsnmBy+
        G6py9g5IsqHNfqHo+fGKRYNokR79rFm9hMObb3czC2z3JOj1sinC78H8t0PaLaXo
        unWlBWNZJdJv/OQ0lZmAQ1RH1NXnKUZ5g6SOlWxQRBQWZ1vkq8H3DVUTStNel4hu
        iSv/rkhHF3+asFuyJeBlw/NDBodc/mvwQO0WeISNE1MEtX/R/LjCor4yq4ejhHCq
        LJ5nXrf/+eoyTUtsJxWo7/1K6AfbmCQGhoHLt45nHQKBgQDmxQt3sBa9ylA0ODUT
        XcU2SYp4xCy8WgWJWUVia6Z/Rotde/PCYXdYsUYSX59Fz4vTLglHvFixRDII7LKG
        1WNYe6inKiq1TXZlN1VCe1O1o6qJ5H8x9A/J7nCDcBZtFaGwLdrTG6Bqjv1W1Ejc
        1vMJPgoX6VA1oKoXt0dgC7cUCwKBgQDJCPIzHxYvzkFhCCTAFY8sXQWv1sEtBJX2
        ISN2QHl5R2XKiOUXOpz88nQ1I2tTRQmXVtKqjX3E2JxqWYFuFBQGDHKC0diupo9S
        RXsC4Q5qbrq6DMrsYj975LwZE3q0osmzicGkc2gdz+vkw2PLWNjo/BNItGkBs5HX
        JkAg9MCG9wKBgQCoUxPxQmzkFLz5ygHU1XHzDiNFwXoMDPG65HW6u2Dft1oSX0ZH
        A4blF7FP15W6ew+3gv3b6GMdMev5HIV/2ggz00cKX7R1OEJiw8CZ1JETjYToPdYV
        XrthhF1nUgvZl4yvkFLr51vUPeZGPmPDSbpOhIUiOdl6tG09DT+vq/vnTwKBgGsH
        O0LiOwKqkX4iQsaM89OPlrZ95Ayek2QdUm7jdoiN7XB9n1HVn7y/LAUaXUpQyAFt
        dOzeNWY2WFf6XQEI6Xwq5lAlfnHFNSp82Te4L9+UIg9pPiPJTrkcFtRW3Y4L2Myf
        +5sc4gJ1LsZ1C803+QtZIL8lZX5FZtCfiabCBzoTAoGAdhGclGGCaZpwmXo3gisa
        GxDbYZy0oOaX3o/LMNwzYqwCTg+QX0oehtcvUDel+YGZl1CLK+AvyYJDV4BWhUXQ
        z/Y/TkqxYGiDbJ/w2HQ4XlDkBzbOUbXwhG+fhb7RI0xWlMUqD3yWeWgo5VshZo9j
        rCP8EkihSiE94AxNYegAnLI=
        -----END PRIVATE KEY-----

        """

    static let pkcs1 = """
        -----BEGIN RSA PRIVATE KEY-----
        MIIEowIBAAKCAQEAtTjGfa8dpXHwcidgeOy/cDD0UV2fCdyQ2bhuPeaGyFL1iOp8
        q+2sReR/QvpGAbaG10FTdYi/r5Vex6/w/k3H+/hTGBid2CgXm7bry8Usfd/F6vlk
        j6lc/k8TCk0s3iwHg/MwCeBJo86RuxktvHRu/ICfyJeqVlDi6pj069EmbCuMO1u0
        v6Ro0Cs8eWO2c3Uk6gGn9E66EP8O4mHyK/TRWILjDT4cIXu9Kj7UM+scta9U/1GV
        ntrl/Uz+AOOEFLnd/7hXA171njgCC589IDUT8C6Gy/+lQI8N/q4EyHwxP06qNH7P
        yXt3vE+63XmJOKvj4s1tDVud/zBW7K2WpmIYnQIDAQABAoIBAD1SzhA/ztdqfAQV
        ARdKfemYF0TlWmj642VZfKyjsp5dPEstliyTy8UG8m2WxVPVEUIMEBLoyHzBHgaS
        qglUBsVkHbI8ukUoI/0EZDxbJ5gcvhuqcvYOSLKhzX6h6PnxikWDaJEe/axZvYTD
        m293Mwts9yTo9bIpwu/B/LdD2i2l6Lp1pQVjWSXSb/zkNJWZgENUR9TV5ylGeYOk
        jpVsUEQUFmdb5KvB9w1VE0rTXpeIbokr/65IRxd/mrBbsiXgZcPzQwaHXP5r8EDt
        FniEjRNTBLV/0fy4wqK+MquHo4RwqiyeZ163//nqMk1LbCcVqO/9SugH25gkBoaB
        y7eOZx0CgYEA5sULd7AWvcpQNDg1E13FNkmKeMQsvFoFiVlFYmumf0aLXXvzwmF3
        WLFGEl+fRc+L0y4JR7xYsUQyCOyyhtVjWHuopyoqtU12ZTdVQntTtaOqieR/MfQP
        ye5wg3AWbRWhsC3a0xugao79VtRI3NbzCT4KF+lQNaCqF7dHYAu3FAsCgYEAyQjy
        Mx8WL85BYQgkwBWPLF0Fr9bBLQSV9iEjdkB5eUdlyojlFzqc/PJ0NSNrU0UJl1bS
        qo19xNicalmBbhQUBgxygtHYrqaPUkV7AuEOam66ugzK7GI/e+S8GRN6tKLJs4nB
        pHNoHc/r5MNjy1jY6PwTSLRpAbOR1yZAIPTAhvcCgYEAqFMT8UJs5BS8+coB1NVx
        8w4jRcF6DAzxuuR1urtg37daEl9GRwOG5RexT9eVunsPt4L92+hjHTHr+RyFf9oI
        M9NHCl+0dThCYsPAmdSRE42E6D3WFV67YYRdZ1IL2ZeMr5BS6+db1D3mRj5jw0m6
        ToSFIjnZerRtPQ0/r6v7508CgYBrBztC4jsCqpF+IkLGjPPTj5a2feQMnpNkHVJu
        43aIje1wfZ9R1Z+8vywFGl1KUMgBbXTs3jVmNlhX+l0BCOl8KuZQJX5xxTUqfNk3
        uC/flCIPaT4jyU65HBbUVt2OC9jMn/ubHOICdS7GdQvNN/kLWSC/JWV+RWbQn4mm
        wgc6EwKBgHYRnJRhgmmacJl6N4IrGhsQ22GctKDml96PyzDcM2KsAk4PkF9KHobX
        L1A3pfmBmZdQiyvgL8mCQ1eAVoVF0M/2P05KsWBog2yf8Nh0OF5Q5Ac2zlG18IRv
        n4W+0SNMVpTFKg98lnloKOVbIWaPY6wj/BJIoUohPeAMTWHoAJyy
        -----END RSA PRIVATE KEY-----

        """

    static let elliptic = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggr0AyN8h59ujBqLZ
        dK/9VHWEM1Zf+t0rMfRr/r6Ddm6hRANCAATxA8KschZGYn/nINbYsJoN4CrF1YCX
        gT5a7QGd9kZ2bfHhfuKGvDrVVQdSgLnI5L1IuTqTi90tMwKrLdil+TWA
        -----END PRIVATE KEY-----

        """

    static let encrypted = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIIFNTBfBgkqhkiG9w0BBQ0wUjAxBgkqhkiG9w0BBQwwJAQQFYvghIlW0fKI6Akc
        BX4k0gICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEPZEshm+1Ah8hXFl
        PYIoByMEggTQnlt2JUbhK9j0dDVtTZfFYajURcbQ+C2vAhXSJtYx7tVuEJ6iw+0q
        Gj+a+gaMkLbTqz6pKRZF9bUDNneCnAWdHswzV5KMBFsp/4e1Jz67TIAwLLPSbbOt
        PuedJuqqE44XoUEXYKrpw0OqY6rN6UCtFZub48WnxmeTAAfNy/lizyqs1wDxix29
        zoRwV2vQtdp8Ha0jHwKgZRJBBcByAwlioOppEPZUBpilC+bDnstceDFwZIg4p8SQ
        4BBywa0FJ24J3KGJWKgbBZ8pOigLjCx7vQG97pjRdRrpdNaA8fKKbrUhhGGdEEw4
        v0Wv3BVpFO4oog+5qS35HY/KQHUNOcGw62pwIzbRUKcPffya+HTuJRc5+4NY3rUK
        VYD0s36F/RZRgQrzk+gF0Rvi9uKBlSPJh8b/o7HBCNgDcxTa0mBuLVh2G0EkZ8Gv
        ZObVHP/fqDE1AFTn0l7i9Uj+HNkBYnYU2L6h6pWxtChbq49gerkC0k9OD6Wovrrl
        IilpW3eMhaWWq1rXh6LMhethSuWCsLIsP7NMGniHlU72vNNqAd5Em1xNThYyPGAt
        5P3JQrkGem8iGh7v1sJiy4+flVO/XCifaJGKM9+TBBmTj9zlqVTliCLWl9kL/3/6
        q2tRpsxqplYRBkGxgT0ErjG4A5kht+DZeKa+UF39X+EjDiASsB32N9q5MtfUIUU4
        3oC97uHmwxi1+kEImzKY5eLkR8K+mETbILZtXugmTGTf/QmjxVhNSKy+h8QKlKcC
        jaZy1oUm87AJp8G99MLN9HMA7Ik6RasEunQfA8gOQNEd6np5aF10geIX8lojWgb3
        89U3ckZgsy5Aq8AbjZMrKze2vkPfWx+5vsZj9iHgiyE8qiuE0x5mymi/wfTtFYtD
        7nXTW8RUfToRPkVSafA0pmnCqsevfQikWqaQ7HIwROfmRsb+i2AWN9amcboGNeHZ
        ju7sxiiggyNR3onJX/PqnWFFYIr2yBotPqsV/N/2NK/bx3rtvDYV6oyINOUiWLuM
        0OHNVBBqli78nPD0EGddGeOQEwEwLZQ7MYU1T/cenQyCCZkw8Xq6/xcIcj4DAgkN
        Lx8fHzvNj+Qqbqjfhj0IItpqkPLiemieIlSQjBFVOprRL9T5Dqtp9vx2nnF9ZYr7
        ua3Juj0i6z9AeSSRISn4qPM4cQdNJq/InsRfACx6rTZcv/TkNQs/fJ/X/S795vZU
        n/NrFyY4cnUPth02Ip33727xe39dmML4ZBIhad/ZjndOFQarkIG4HoLWJ4TINF5o
        bkpywZccjWThW8tVJYOYT9tKQSRjQ3q5JSXhfumQpGG0ZAZZhaKv898BGAAskSow
        rdDvz9tHUi0Quv2CWYAKc1XA9Bmi2DKFjy8r5sDVv4wAYOy6qnERINs8pQNb/btp
        cLPV+UkC7KeeQ92fdfxwPkMruWZPUJRO8qLjb0tN5X+98Cx7Q4iM8PLz3RrHgflH
        bj1t23ocaconMPK6Xmt/kHnKi2ALjIJ9vjJx17g6TEFV4KOkBsEHPQpJUP0HVKQ7
        NwlItBUyKkWYhAJJkluhakfB+5Z+9IsRdtbcF3DPAPtg8JzC8yM5nHVWdVB+HgBo
        7obJHP8l6U8xrJEgD11XepISGbg/PDuPbk9E3RrBSY+xM/so7DhCHwY=
        -----END ENCRYPTED PRIVATE KEY-----

        """

    /// Of `eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJzaGVhZiJ9`.
    static let signature =
        "GCkUDAZjXxBWhz-yXqPqf519nxJvuYSodmzufic6iSD93VntDgBbcEr9dVzioVqr9Wm0MwDkFI2Htcy3pfXntsEbtQ0UNTUr6pu7"
        + "qQpDNIcw51DtsHnmECKkrNV8cDRz3EHNLdQiZoYpXv-enX9uWKQ1XB0Qq-hTO78uFRWR7TsombmsvKEUPxC50V4qRZrlU7QoAhlW"
        + "zoNHp4CjS24HQEVFEWClfeUt1ni5xXdy59E783xtkV87oj6mqMQjBdz95slNIrjg9NtStS1V_lDkRSOrScQLNmNID06-eEKfn0T9"
        + "uaLpnutPriuL8Mv5CDo-rTqqKngx4XgzoTkjVWXSsQ"
}
